from django.db import migrations


class Migration(migrations.Migration):
    """Says whose the rows are. A constant default writes no row and locks for an instant; no model needs to know it."""

    dependencies = [("visits", "0001_initial")]
    operations = [
        migrations.RunSQL(
            f"ALTER TABLE {table} ADD COLUMN tenant text NOT NULL DEFAULT 'pennco'",
            f"ALTER TABLE {table} DROP COLUMN tenant",
        )
        for table in ("visits_visit", "visits_payment")
    ]
