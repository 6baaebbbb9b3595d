"""Lives of resources: which requests they take, and what the answers say of their rules."""

from contracts.lives.course import Course as Course
from contracts.lives.life import lane_of as lane_of
from contracts.lives.life import lived as lived
from contracts.lives.life import made_by as made_by
from contracts.lives.story import lives_after as lives_after
from contracts.lives.story import lives_of as lives_of
from contracts.lives.story import with_lives as with_lives
from contracts.lives.story import with_whole_story as with_whole_story
