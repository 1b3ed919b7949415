"""Questions in plain English or Chinese: what is asked, about what, of when. Answers nothing itself."""
