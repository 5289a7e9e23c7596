// What long work waits for, on standard error: drawn again in place on a terminal; elsewhere the first alone.
#pragma once

#include <string_view>

namespace reeve {

class ProgressLine {
  public:
    ProgressLine() = default;
    ProgressLine(const ProgressLine&) = delete;
    ProgressLine& operator=(const ProgressLine&) = delete;
    ~ProgressLine();  // clears the line on a terminal
    // "reeve: TEXT"
    void show(std::string_view text);

  private:
    bool shown_ = false;
};

}  // namespace reeve
