"""What maintenance is set to and found, written where the views and the dashboard read it."""

from datetime import datetime

from sqlalchemy import Connection, text

from telemetry_pipeline.settings import MaintainSettings


def record_settings(connection: Connection, settings: MaintainSettings) -> None:
    """Write down which groups the views hide, and how long is kept what expires."""
    with connection.begin():
        connection.execute(
            text("""
                update analytics_upkeep
                set k_anonymity = :k_anonymity,
                    retention_months = :retention_months,
                    rejected_retention_days = :rejected_retention_days,
                    backup_days = :backup_days,
                    bigquery_time_travel_hours = :bigquery_time_travel_hours,
                    linkage_horizon_months = :linkage_horizon_months
            """),
            {
                "k_anonymity": settings.k_anonymity,
                "retention_months": settings.retention_months,
                "rejected_retention_days": settings.rejected_retention_days,
                "backup_days": settings.backup_days,
                "bigquery_time_travel_hours": settings.bigquery_time_travel_hours if settings.warehouse else None,
                "linkage_horizon_months": settings.linkage_horizon_months,
            },
        )


def record_dead_letters(connection: Connection, count: int | None, at: datetime) -> None:
    """Write down how many messages wait in the dead-letter subscription, and when that was so; None if nobody knows."""
    with connection.begin():
        connection.execute(
            text("update analytics_upkeep set dead_letters = :count, dead_letters_at = :at"),
            {"count": count, "at": None if count is None else at},
        )
