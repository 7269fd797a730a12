"""How varied the methods of research communities are, who took what from whom, and whether communities become alike."""

from polyculture.surveying.entry import survey
from polyculture.surveying.result import SurveyResult

__all__ = ["SurveyResult", "survey"]
