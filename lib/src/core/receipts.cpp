#include "reeve/core/receipts.hpp"

#include "model/json_text.hpp"
#include "reeve/base/time_text.hpp"
#include "reeve/base/unique_fd.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace reeve {
namespace {

constexpr off_t max_receipts_bytes = 10 * 1024 * 1024;

}  // namespace

void ReceiptBook::write(const Receipt& receipt) {
    const OrderedJson line{{"ts", now_rfc3339()},
                           {"what", receipt.what},
                           {"name", receipt.name},
                           {"instance_id", receipt.instance.value},
                           {"session", receipt.session.value},
                           {"evidence", receipt.evidence},
                           {"action", receipt.action},
                           {"outcome", receipt.outcome},
                           {"detail", receipt.detail}};
    const std::string text = dump_json(line) + "\n";
    if (on_write_) on_write_(text.substr(0, text.size() - 1));
    struct stat now {};
    if (::lstat(path_.c_str(), &now) == 0 && now.st_size >= max_receipts_bytes) {
        std::error_code ignored;
        std::filesystem::rename(path_, path_.string() + ".1", ignored);
    }
    const UniqueFd file(
        ::open(path_.c_str(), O_WRONLY | O_APPEND | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC, 0600));
    if (!file) return;
    const ssize_t ignored = ::write(file.get(), text.data(), text.size());
    (void)ignored;
}

}  // namespace reeve
