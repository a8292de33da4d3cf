"""Barcode labels for kits and parts: values in, a PDF out."""
