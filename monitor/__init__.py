"""A watch officer for the news: feeds in, alerts with evidence out."""

__version__ = "0.1.0"
