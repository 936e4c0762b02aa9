#include "app.h"

#include "ecg_model.h"
#include "ecg_params.h"
#include "port.h"

#ifdef ECG_TRACE
#include "ecg_trace.h"
#endif

#ifdef ECG_NET_TFLM
#include "ecg_tflm.h"
#define ENGINE ECG_TFLM_ENGINE
#define ENGINE_ERROR() ecg_tflm_error()
#else
#define ENGINE ECG_NET_ENGINE
#define ENGINE_ERROR() 0 /* the compiled network cannot fail */
#endif

/* Samples between two looks at the port: few enough that a small receive buffer does not fill up. */
#define BURST_SAMPLES 16u
#define READ_BYTES 64u

/* Moves bytes both ways; never touches the signal chain. Returns true if there was any. */
static bool app_service(app_t *app) {
    uint8_t bytes[READ_BYTES];
    const uint8_t *wire;
    bool busy = false;
    size_t n;
    port_adc_poll();
    while ((n = port_read(bytes, sizeof bytes)) > 0) {
        link_device_receive(&app->link, bytes, n);
        busy = true;
    }
    while ((n = link_device_output(&app->link, &wire)) > 0) {
        port_write(wire, n);
        busy = true;
    }
    return busy;
}

#ifdef ECG_TRACE
static app_t *traced_app;

/* The chain waits here while the host confirms earlier values, so none is lost. */
static void put_trace(app_t *app, uint8_t stage, uint16_t offset, const int32_t *values, uint8_t count) {
    while (!link_device_start_pending(&app->link) && port_alive() &&
           !link_device_put_trace(&app->link, app->link.processed - 1u, stage, offset, values, count)) {
        if (!app_service(app)) {
            port_idle();
        }
    }
}

/* The signal chain's hook, see ecg_trace.h. */
void ecg_trace_hook(ecg_stage_t stage, const void *values, uint8_t bytes, uint16_t count) {
    int32_t chunk[LINK_TRACE_ITEM_VALUES];
    app_t *app = traced_app;
    uint16_t at = 0;
    while (app != NULL && app->trace && at < count) {
        uint8_t n = 0;
        for (; n < LINK_TRACE_ITEM_VALUES && at + n < count; n++) {
            size_t i = (size_t)at + n;
            chunk[n] = bytes == 1   ? ((const int8_t *)values)[i]
                       : bytes == 2 ? ((const int16_t *)values)[i]
                                    : ((const int32_t *)values)[i];
        }
        put_trace(app, (uint8_t)stage, at, chunk, n);
        at = (uint16_t)(at + n);
    }
}
#endif

void app_init(app_t *app) {
    size_t rx_bytes = port_rx_bytes();
    link_identity_t identity = {.spec_hash = ECG_SPEC_HASH,
                                .model_hash = ECG_MODEL_HASH,
                                .fs_hz = ECG_FS_HZ,
                                .window_samples = (uint16_t)LINK_WINDOW_SAMPLES(rx_bytes),
                                .adc_ring_size = ADC_RING_ENTRIES,
                                .engine = ENGINE};
#ifdef ECG_TRACE
    identity.features |= LINK_FEATURE_TRACE;
#endif
    if (port_has_adc()) {
        identity.features |= LINK_FEATURE_LIVE;
    }
#ifdef ECG_NET_TFLM
    (void)ecg_tflm_prepare(); /* its error is told when a session begins */
#endif
    app->identity = identity;
    app->beat_waits = false;
    app->conditions_wait = false;
    app->conditions = 0;
    app->changed_at = 0;
    app->trace = false;
    link_device_init(&app->link, &app->identity);
    ecg_pipeline_init(&app->pipeline);
    live_init(&app->live);
#ifdef ECG_TRACE
    traced_app = app;
#endif
}

/* Whether the ADC should run: as the session says, and without one as the board was built. */
static bool live_wanted(const app_t *app) {
    if (link_device_is_live(&app->link)) {
        return !link_device_live_ending(&app->link);
    }
    return BOARD_LIVE_AT_BOOT && link_device_start_pending(&app->link) && port_has_adc();
}

static void restart_if_told(app_t *app) {
    uint32_t first_sample = 0;
    int16_t low;
    int16_t high;
    bool start = link_device_take_start(&app->link, &first_sample, &app->trace) != 0;
    bool live = live_wanted(app);
    if (start && ENGINE_ERROR() != 0) {
        link_device_error(&app->link, LINK_ERROR_PIPELINE, (uint32_t)ENGINE_ERROR());
    }
    if (start || (live && !app->live.running)) {
        ecg_pipeline_init_at(&app->pipeline, first_sample);
        app->beat_waits = false;
        app->conditions_wait = false;
        app->conditions = 0;
    }
    if (link_device_take_rails(&app->link, &low, &high)) {
        ecg_pipeline_set_rails(&app->pipeline, low, high);
    }
    if (live && (start || !app->live.running)) {
        live_rails(&low, &high);
        ecg_pipeline_set_rails(&app->pipeline, low, high);
        (void)live_start(&app->live);
    } else if (!live && app->live.running) {
        live_stop(&app->live);
    }
}

/* True where the conditions are others than before this sample, the newest pushed. */
static bool conditions_changed(app_t *app) {
    uint8_t now = ecg_pipeline_conditions(&app->pipeline);
    bool changed = now != app->conditions;
    if (changed) {
        app->conditions = now;
        app->changed_at = app->link.processed - 1u;
    }
    return changed;
}

static void put_conditions(app_t *app) {
    app->conditions_wait = app->beat_waits || /* in order, so that the same samples give the same events */
                           link_device_put_condition(&app->link, app->changed_at, app->conditions) == 0;
}

/* Hands the chain's answer on. Returns true if the chain yielded a beat. */
static bool take_result(app_t *app, int result) {
    if (result < 0) {
        link_device_error(&app->link, LINK_ERROR_PIPELINE, (uint32_t)result);
    } else if (result > 0 && !link_device_start_pending(&app->link)) {
        /* There was room before the push, but trace of this very sample may have taken it. */
        app->beat_waits = link_device_put_beat(&app->link, &app->waiting_beat) == 0;
    }
    return result > 0;
}

static void live_beat(app_t *app, const ecg_beat_t *beat) {
    live_led_beat(&app->live, beat->aami_class);
    if (link_device_is_live(&app->link)) {
        link_device_live_beat(&app->link, beat);
    }
}

/* The same from the ADC. Nothing waits for the host: time does not either. */
static bool work_off_live(app_t *app) {
    live_t *l = &app->live;
    bool session = link_device_is_live(&app->link);
    ecg_beat_t beat;
    int16_t x;
    uint32_t done = 0;
    while (done < BURST_SAMPLES && live_take(l, &x)) {
        live_led_step(l);
        if (session) {
            link_device_live_sample(&app->link, x);
        }
        if (ecg_pipeline_push(&app->pipeline, x, &beat) > 0) {
            live_beat(app, &beat);
        }
        if (conditions_changed(app) && session) {
            link_device_live_condition(&app->link, app->changed_at, app->conditions);
        }
        done++;
    }
    if (session) {
        link_device_live_signal(&app->link, ecg_pipeline_sqi(&app->pipeline),
                                ecg_pipeline_lead_off(&app->pipeline), app->conditions);
        link_device_live_counters(&app->link, l->lost, adc_ring_late_max_us(&l->ring), l->ring_max);
    }
    if (done == 0 && link_device_flush_wanted(&app->link)) { /* the ADC has stopped, the ring is empty */
        while (ecg_pipeline_flush(&app->pipeline, &beat) > 0) {
            link_device_live_beat(&app->link, &beat);
        }
        link_device_flushed(&app->link);
        return true;
    }
    return done > 0;
}

/* True while there is room for all that the next push or flush can bring; tries again what found none. */
static bool has_room(app_t *app) {
    if (app->beat_waits) {
        app->beat_waits = link_device_put_beat(&app->link, &app->waiting_beat) == 0;
    }
    if (app->conditions_wait && !app->beat_waits) {
        put_conditions(app);
    }
    return !app->beat_waits && !app->conditions_wait && link_device_has_room(&app->link);
}

/* Works off samples while there are some, and room for their events. Returns true if anything was done. */
static bool work_off(app_t *app) {
    int16_t x;
    uint32_t done = 0;
    while (done < BURST_SAMPLES && has_room(app) && link_device_take_sample(&app->link, &x)) {
        (void)take_result(app, ecg_pipeline_push(&app->pipeline, x, &app->waiting_beat));
        if (!link_device_start_pending(&app->link) && conditions_changed(app)) {
            put_conditions(app);
        }
        done++;
    }
    if (has_room(app) && link_device_flush_wanted(&app->link)) {
        if (!take_result(app, ecg_pipeline_flush(&app->pipeline, &app->waiting_beat)) &&
            link_device_flush_wanted(&app->link)) { /* asked again: a trace hook may have let a start in */
            link_device_flushed(&app->link);
        }
        done++;
    }
    return done > 0;
}

void app_step(app_t *app) {
    bool busy = app_service(app);
    restart_if_told(app);
    bool live = app->live.running || link_device_is_live(&app->link);
    if (!(live ? work_off_live(app) : work_off(app)) && !busy) {
        port_idle();
    }
}
