"""What is measured: one test module for each protocol. Knows no model by name.

Importing this package gives NumPy and torch one thread each: more workers (`-n`) are faster than more threads, and
sums that are split over another number of threads end in other last digits.
"""

import os

for _variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ.setdefault(_variable, "1")
