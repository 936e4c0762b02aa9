/* app.h - the one main loop: bytes from the port, samples from the host or from the ADC through the signal
 * chain, beats back to the port. The same on every board and in the emulator.
 *
 * Where the samples come from, the host decides by starting a session: a replay (LINK_OP_START) or live mode
 * (LINK_OP_LIVE). Without a session a board with BOARD_LIVE_AT_BOOT acquires for its LED alone. */
#ifndef APP_H
#define APP_H

#include <stdbool.h>
#include <stdint.h>

#include "ecg_pipeline.h"
#include "link_device.h"
#include "live.h"

/* Everything the firmware keeps. Owned by main, set up by app_init. */
typedef struct {
    link_identity_t identity;
    link_device_t link;
    ecg_pipeline_t pipeline;
    live_t live;
    ecg_beat_t waiting_beat; /* a beat that found no room in the link, while beat_waits */
    bool beat_waits;
    bool conditions_wait; /* a change of the conditions that found no room */
    uint8_t conditions;   /* as last told to the host */
    uint32_t changed_at;  /* the sample at which they became so */
    bool trace;           /* the running session wants every intermediate value */
} app_t;

/* The port must be set up. Only one app_t can be in use at a time when built with the trace hook. */
void app_init(app_t *app);

/* One turn: takes what came, works off a few samples, sends what is due, and sleeps if there was nothing.
 * Never waits for the host, except for room for trace. */
void app_step(app_t *app);

#endif
