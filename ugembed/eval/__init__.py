"""How well a model ranks the right answer first: benchmark files, exact metrics, results and a report page."""
