"""The console's pages: each shows, asks a service, and shows again. No logic of its own."""
