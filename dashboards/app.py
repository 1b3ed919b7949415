"""The script that Streamlit runs at every look. It holds nothing, as Streamlit compiles it anew each time."""

from dashboards.console import main

if __name__ == "__main__":
    main()
