// Tells the service manager how we are: sd_notify(3) by its documented protocol, without the library.
#pragma once

#include <chrono>
#include <optional>
#include <string>

namespace reeve {

// Sends `text` ("READY=1\nSTATUS=...") to $NOTIFY_SOCKET. Does nothing where there is none (launchd, a
// terminal). "RELOADING=1" is completed by the time that the protocol wants with it.
void notify_service_manager(const std::string& text);

// How often the manager is to hear "WATCHDOG=1": half of $WATCHDOG_USEC. Nothing when it does not listen for
// that, or means another process ($WATCHDOG_PID) than us and our parent, the anchor.
std::optional<std::chrono::microseconds> watchdog_interval();

}  // namespace reeve
