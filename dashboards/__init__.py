"""The Streamlit console: pages and charts over the services in telcollm.app."""
