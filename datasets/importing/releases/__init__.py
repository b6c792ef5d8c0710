"""One module a data set; a module that is dropped in here is an importer."""
