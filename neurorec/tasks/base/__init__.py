"""What a task is: trials, what makes them, and how outputs are scored."""

from neurorec.tasks.base.collection import AbstractCollection as AbstractCollection
from neurorec.tasks.base.drawn import AbstractDrawn as AbstractDrawn
from neurorec.tasks.base.fixed import AbstractFixed as AbstractFixed
from neurorec.tasks.base.recommended import Recommended as Recommended
from neurorec.tasks.base.scores import share_right as share_right
from neurorec.tasks.base.scores import variance_explained as variance_explained
from neurorec.tasks.base.task import AbstractTask as AbstractTask
from neurorec.tasks.base.trials import Trial as Trial
from neurorec.tasks.base.trials import Trials as Trials
