"""Lineage of Azure Data Factory and Synapse pipelines, reported to an Atlas catalog."""

__version__ = "0.1.0"
