/* firmware.h - the firmware for a framework that brings its own main: call setup once the port is ready, then
 * step for ever. */
#ifndef FIRMWARE_H
#define FIRMWARE_H

#ifdef __cplusplus
extern "C" {
#endif

void firmware_setup(void);
void firmware_step(void);

#ifdef __cplusplus
}
#endif

#endif
