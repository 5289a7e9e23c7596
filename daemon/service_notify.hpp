// Tells the service manager how we are: sd_notify(3) by its documented protocol, without the library.
#pragma once

#include <string>

namespace reeve {

// Sends `text` ("READY=1\nSTATUS=...") to $NOTIFY_SOCKET. Does nothing where there is none (launchd, a
// terminal).
void notify_service_manager(const std::string& text);

}  // namespace reeve
