/* Entry of the firmware, on boards and on the host. */
#include "firmware.h"

#include "app.h"
#include "port.h"

static app_t app; /* static: its size is known at link time, and no stack has to hold it */

void firmware_setup(void) {
    app_init(&app);
}

void firmware_step(void) {
    app_step(&app);
}

#ifndef ARDUINO /* there the core has main, and the port's setup and loop call the functions above */
int main(int argc, char **argv) {
    int code = port_init(argc, argv);
    if (code != 0) {
        return code - 1;
    }
    firmware_setup();
    while (port_alive()) {
        firmware_step();
    }
    return 0;
}
#endif
