"""What a user edits: YAML and environment, checked and turned into core types."""

from monitor.config.directory import read_directory
from monitor.config.load import Configuration, load
from monitor.config.problems import ConfigurationError
from monitor.config.settings import LogFormat, LogLevel, Settings

__all__ = [
    "Configuration",
    "ConfigurationError",
    "LogFormat",
    "LogLevel",
    "Settings",
    "load",
    "read_directory",
]
