"""The boards' uids in Grafana: links name a board by them, so that they never change."""

OVERVIEW_UID = "ascolto-agencies"
AGENCY_UID = "ascolto-agency"
VOICES_UID = "ascolto-voices"
LIVE_UID = "ascolto-live"
OPERATIONS_UID = "ascolto-operations"
