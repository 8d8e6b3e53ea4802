"""Our CIM cases for a real Splunk: replayed against one, or written as pytest-splunk-addon's sample files."""
