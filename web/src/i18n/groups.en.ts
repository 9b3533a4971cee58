// SPDX-License-Identifier: Apache-2.0
// Alarms of one cause, and what is done to all of them.
export const groups = {
  "cause.alone": "One alarm", "cause.episode": "One thing led to another", "cause.network-outage": "Seals fell silent together: the network is down there", "cause.jammer": "Satellites are lost near one place: a jammer",
  "cause.spoofer": "Positions are wrong near one place: a false signal", "cause.closure": "Vehicles stand or are late near one place: the road is closed", "cause.batch": "Seals of one batch fail alike", "cause.station": "Journeys of one station are affected alike",
  "group.title": "One cause", "group.more": "+{n} more", "group.fold": "Show less", "group.journeys": "{n} journeys", "group.journeys.one": "one journey", "group.part": "One of {n} alarms of one cause",
  "group.acknowledge": "Acknowledge all {n}", "group.acknowledge.one": "Acknowledge the last", "group.only": "Acknowledge only this", "group.going": "{done} of {of}", "group.done": "{n} alarms acknowledged", "group.done.one": "One alarm acknowledged", "group.partly": "{done} of {of} acknowledged",
  "group.other": "Taken by {name}", "group.elsewhere": "No longer open to be taken: {state}",
  "key.acknowledgeAll": "Acknowledge, of a group all", "key.unfold": "Unfold or fold the group",
} as const;
