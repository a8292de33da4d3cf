"""Pages about people's data: erasing a record, the sealed ledger, requests for records, what is kept and how long."""
