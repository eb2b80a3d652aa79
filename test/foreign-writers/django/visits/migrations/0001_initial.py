import uuid

from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True
    dependencies = []
    operations = [
        migrations.CreateModel(
            name="Visit",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, primary_key=True, serialize=False)),
                ("tenant", models.CharField(db_index=True, max_length=64)),
                ("agent", models.CharField(max_length=64, null=True)),
                ("amount_paise", models.BigIntegerField()),
                ("status", models.CharField(default="due", max_length=16)),
                ("remark", models.TextField(default="")),
                ("changed_at", models.DateTimeField(auto_now=True)),
            ],
        ),
    ]
