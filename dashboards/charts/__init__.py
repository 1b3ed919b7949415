"""The console's pictures, as values: functions of records that return Altair charts. They draw nothing."""
