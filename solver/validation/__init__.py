"""`leakflow validate`: tables, closed forms and events of the record, each with its error."""
