// The evidence, the decision and the outcome of every kill and every removal: one JSON object a line.
#pragma once

#include "reeve/model/ids.hpp"

#include <sys/types.h>

#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <utility>

namespace reeve {

struct Receipt {
    std::string what;  // "process", "container", "network", "volume", "record"
    std::string name;  // pid, full container id, network's or volume's name
    InstanceId instance;
    SessionName session;
    std::string evidence;  // why it is ours
    std::string action;    // "SIGTERM", "SIGKILL", "stop and remove", "remove"
    std::string outcome;   // "signalled", "gone", "failed: ..."
    std::string detail;    // command name, image, ...
};

class ReceiptBook {
  public:
    explicit ReceiptBook(std::filesystem::path path) : path_(std::move(path)) {}
    // Appends one line (O_APPEND, a single write, so that lines of two writers do not mix). A receipt that
    // cannot be written must not keep anything alive: failure is silent here and shows in the log of what is
    // done.
    void write(const Receipt& receipt);
    // Called with each line, a JSON object, as it is written.
    void on_write(std::function<void(const std::string& line)> call) { on_write_ = std::move(call); }

  private:
    std::filesystem::path path_;
    std::function<void(const std::string& line)> on_write_;
};

}  // namespace reeve
