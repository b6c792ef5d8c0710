"""Many pieces of work in several processes or on a cluster, which goes on when one of them is killed.

Under loky, joblib's own processes, a killed worker ends the pool: a new one does what is left. Under dask the scheduler
gives a lost piece to another worker. A piece whose process is killed even when it runs alone, twice, is given up.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Literal, TypeVar

from .errors import DatasetError

Backend = Literal["loky", "dask"]
BACKENDS: tuple[Backend, ...] = ("loky", "dask")
_START = 20
"""Seconds that a cluster's scheduler and its first worker may take to answer."""

_ATTEMPTS = 2
"""How often an item may kill the process in which it runs alone before it is given up."""

Item = TypeVar("Item")
Result = TypeVar("Result")


def each(
    work: Callable[[Item], Result],
    items: Sequence[Item],
    *,
    jobs: int = -1,
    backend: Backend = "loky",
    scheduler: str | None = None,
    apart: bool = False,
) -> Iterator[tuple[Item, Result | None]]:
    """Every item with its result, in the order in which they get done; None for one that kills its process.

    When a pool breaks, the pieces that ran are put aside, and run in a process each when all others are done.

    Args:
        work: can be pickled, and gives the same when it is repeated.
        jobs: processes, -1 for one a processor; of a cluster with `scheduler`, all its workers are used.
        apart: also a single job is a process of its own, which may be killed and not this one.

    Raises:
        DatasetError: dask is not installed, or its scheduler does not answer.
        Whatever `work` raises.
    """
    from joblib import effective_n_jobs

    aside: list[Item] = []
    if apart and effective_n_jobs(jobs) == 1:
        yield from _one_by_one(work, items)
        return
    with _workers(backend, jobs, scheduler) as (most, broken):
        left = list(items)
        while left:
            done: set[int] = set()
            try:
                for number, result in _pool(work, left):
                    done.add(number)
                    yield left[number], result
                left = []
            except broken:
                left = [item for number, item in enumerate(left) if number not in done]
                aside, left = aside + left[: 2 * most], left[2 * most :]  # what joblib dispatches ahead
    yield from _one_by_one(work, aside)


def _pool(work: Callable[[Item], Result], items: Sequence[Item]) -> Iterator[tuple[int, Result]]:
    from joblib import Parallel, delayed

    pool = Parallel(return_as="generator_unordered", pre_dispatch="2 * n_jobs", batch_size=1)
    yield from pool(delayed(_numbered)(work, number, item) for number, item in enumerate(items))


def _numbered(work: Callable[[Item], Result], number: int, item: Item) -> tuple[int, Result]:
    return number, work(item)


@contextmanager
def _workers(backend: Backend, jobs: int, scheduler: str | None) -> Iterator[tuple[int, Any]]:
    """Where joblib runs; gives the number of workers and the errors that say that one was killed."""
    from joblib import effective_n_jobs, parallel_config
    from joblib.externals.loky.process_executor import BrokenProcessPool

    if backend == "loky":
        with parallel_config("loky", n_jobs=jobs):
            yield max(2, effective_n_jobs(jobs)), BrokenProcessPool
        return
    with _client(jobs, scheduler), parallel_config("dask", n_jobs=-1):
        from distributed import KilledWorker

        yield effective_n_jobs(-1), KilledWorker


@contextmanager
def _client(jobs: int, scheduler: str | None) -> Iterator[None]:
    """A dask client: of the scheduler that is named, or of a cluster of processes on this machine."""
    try:
        from distributed import Client, LocalCluster
    except ImportError:
        words = "dask is not installed; install it with `pip install 'avdf-bench[cluster]'`"
        raise DatasetError(words) from None
    if scheduler is None:
        from joblib import cpu_count

        workers = cpu_count() if jobs < 0 else jobs
        with LocalCluster(n_workers=workers, threads_per_worker=1, dashboard_address=None) as local, Client(local):
            yield
        return
    try:
        client = Client(scheduler, timeout=_START)
        client.wait_for_workers(1, timeout=_START)
    except (OSError, ValueError) as error:
        raise DatasetError(f"no dask scheduler with a worker answers at {scheduler} ({error})") from error
    with client:
        yield


def _one_by_one(work: Callable[[Item], Result], items: Sequence[Item]) -> Iterator[tuple[Item, Result | None]]:
    """One item at a time in a process beside this one, which is replaced when an item kills it; twice gives it up."""
    from joblib.externals.loky.process_executor import BrokenProcessPool, ProcessPoolExecutor

    left = [(item, 1) for item in items]
    while left:
        with ProcessPoolExecutor(max_workers=1) as process:
            while left:
                item, attempt = left.pop(0)
                try:
                    result = process.submit(work, item).result()
                except BrokenProcessPool:
                    if attempt < _ATTEMPTS:
                        left.insert(0, (item, attempt + 1))
                    else:
                        yield item, None
                    break
                yield item, result
