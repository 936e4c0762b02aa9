/* Entry of the firmware, on boards and on the host. */
#include "app.h"
#include "port.h"

static app_t app; /* static: its size is known at link time, and no stack has to hold it */

int main(int argc, char **argv) {
    int code = port_init(argc, argv);
    if (code != 0) {
        return code - 1;
    }
    app_init(&app);
    while (port_alive()) {
        app_step(&app);
    }
    return 0;
}
