"""On what is measured: manifests, decoding and the embedded corpus. Knows no model.

Not Hugging Face's package of the same name: in a checkout of avdf-bench this one comes first.
"""
