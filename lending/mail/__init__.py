"""Messages to patrons and staff: values in, messages out."""
