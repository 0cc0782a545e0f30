"""Defaults of Changemaker instances. Say where the application is:

application = {"repository": "https://git.example.org/changemaker-lite.git", "ref": "v2"}
"""
