"""The API: TM Forum's interfaces and the platform's own. Endpoints parse and render; services do the work."""
