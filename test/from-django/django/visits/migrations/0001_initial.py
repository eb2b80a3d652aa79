import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True
    dependencies = [migrations.swappable_dependency(settings.AUTH_USER_MODEL)]
    operations = [
        migrations.CreateModel(
            name="Visit",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("customer", models.CharField(max_length=200)),
                ("amount_paise", models.BigIntegerField()),
                ("status", models.CharField(default="due", max_length=16)),
                ("confirmed_at", models.DateTimeField(null=True)),
                ("remark", models.TextField(default="")),
                (
                    "agent",
                    models.ForeignKey(
                        null=True, on_delete=django.db.models.deletion.SET_NULL, to=settings.AUTH_USER_MODEL
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="Payment",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("amount_paise", models.BigIntegerField()),
                ("at", models.DateTimeField()),
                (
                    "visit",
                    models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, to="visits.visit"),
                ),
            ],
        ),
    ]
