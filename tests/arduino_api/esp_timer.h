/* esp_timer.h - declarations, and no more, of ESP-IDF's esp_timer that the port uses (IDF 4.4 and 5).
 * https://docs.espressif.com/projects/esp-idf/en/v4.4/esp32/api-reference/system/esp_timer.html */
#ifndef ARDUINO_API_ESP_TIMER_H
#define ARDUINO_API_ESP_TIMER_H

#include <stdint.h>

#define ESP_OK 0
typedef int esp_err_t;

struct esp_timer;
typedef struct esp_timer *esp_timer_handle_t;
typedef void (*esp_timer_cb_t)(void *arg);
typedef enum { ESP_TIMER_TASK } esp_timer_dispatch_t;

typedef struct {
    esp_timer_cb_t callback;
    void *arg;
    esp_timer_dispatch_t dispatch_method;
    const char *name;
    bool skip_unhandled_events;
} esp_timer_create_args_t;

extern "C" {
esp_err_t esp_timer_create(const esp_timer_create_args_t *create_args, esp_timer_handle_t *out_handle);
esp_err_t esp_timer_start_once(esp_timer_handle_t timer, uint64_t timeout_us);
esp_err_t esp_timer_stop(esp_timer_handle_t timer);
}

#endif
