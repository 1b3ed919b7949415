"""The API: TM Forum's interfaces and the platform's own over HTTP. Endpoints parse and render; services do."""
