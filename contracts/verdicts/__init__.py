"""Rules and exchanges to verdicts."""

from contracts.verdicts.judge import Judging as Judging
from contracts.verdicts.judge import judge as judge
from contracts.verdicts.judge import judge_all as judge_all
from contracts.verdicts.judge import judge_body as judge_body
from contracts.verdicts.judgement import Judgement as Judgement
from contracts.verdicts.verdict import Evidence as Evidence
from contracts.verdicts.verdict import Outcome as Outcome
from contracts.verdicts.verdict import Recurrence as Recurrence
from contracts.verdicts.verdict import Verdict as Verdict
from contracts.verdicts.verdict import asked_again as asked_again
from contracts.verdicts.verdict import tally as tally
from contracts.verdicts.verdict import unjudged as unjudged
from contracts.verdicts.verdict import with_recurrence as with_recurrence
