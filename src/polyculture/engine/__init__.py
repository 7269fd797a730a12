"""How independent pieces of work run: here, in other processes of this machine, or on a cluster.

What is asked describes its work as pieces that need nothing of each other: a batch of papers, the neighbours of one
model, an expert, a domain that is held out. An engine that exists already runs them: joblib here, Dask or Ray on
several machines; see :func:`use`. Scheduling, trying again and passing messages are theirs.
"""

from polyculture.engine.choice import Engine, Used, elsewhere, use
from polyculture.engine.here import give_back_memory
from polyculture.engine.running import as_done, each, run

__all__ = ["Engine", "Used", "as_done", "each", "elsewhere", "give_back_memory", "run", "use"]
