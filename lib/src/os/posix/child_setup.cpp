#include "child_setup.hpp"

#include "../child_calls.hpp"
#include "../quiet_socket.hpp"

#include <fcntl.h>
#include <pthread.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <new>

namespace reeve {
namespace {

constexpr int gate_number = 3;  // where the child keeps its end of the gate, beside 0, 1 and 2

[[noreturn]] void give_up(int gate, LaunchFailure::Step step, long failure) {
    const ChildReport report{static_cast<int>(step), static_cast<int>(-failure)};
    // Whoever listened may have gone: that must not turn the exit status into a SIGPIPE.
    (void)child::send(gate, &report, sizeof report);
    child::leave(step == LaunchFailure::Step::exec && failure == -ENOENT ? 127 : 126);
}

// Gives out a room's memory piece by piece; without memory it only measures.
class Pieces {
  public:
    explicit Pieces(char* memory) : memory_(memory) {}
    std::size_t used() const { return used_; }

    template <class T>
    T* array(std::size_t count) {
        used_ = (used_ + alignof(T) - 1) / alignof(T) * alignof(T);
        return reinterpret_cast<T*>(bytes(count * sizeof(T)));
    }

    char* text(const std::string& text) {
        char* const copy = bytes(text.size() + 1);
        if (copy != nullptr) std::memcpy(copy, text.c_str(), text.size() + 1);
        return copy;
    }

    char** words(const std::vector<std::string>& words) {
        char** const pointers = array<char*>(words.size() + 1);
        for (std::size_t i = 0; i < words.size(); ++i) {
            char* const word = text(words[i]);
            if (pointers != nullptr) pointers[i] = word;
        }
        if (pointers != nullptr) pointers[words.size()] = nullptr;
        return pointers;
    }

  private:
    char* bytes(std::size_t count) {
        char* const begin = memory_ == nullptr ? nullptr : memory_ + used_;
        used_ += count;
        return begin;
    }
    char* memory_;
    std::size_t used_ = 0;
};

std::vector<PreparedLimit> limits_of(const LaunchSpec& spec) {
    std::vector<PreparedLimit> limits;
    if (spec.open_files) limits.push_back({RLIMIT_NOFILE, *spec.open_files});
    for (const ResourceLimit& limit : spec.limits.resources) limits.push_back({limit.resource, limit.value});
    return limits;
}

PreparedChild* lay_out(const LaunchSpec& spec, const std::vector<PreparedLimit>& limits, Pieces& pieces) {
    auto* const child = pieces.array<PreparedChild>(1);
    auto* const own_limits = pieces.array<PreparedLimit>(limits.size());
    char** const argv = pieces.words(spec.argv);
    char** const env = pieces.words(spec.env);
    const char* const program = pieces.text(spec.program);
    const char* const cwd = pieces.text(spec.cwd);
    if (child == nullptr) return nullptr;  // only measured
    std::uninitialized_copy(limits.begin(), limits.end(), own_limits);
    return new (child) PreparedChild{program,
                                     argv,
                                     env,
                                     cwd,
                                     -1,
                                     -1,
                                     -1,
                                     -1,
                                     spec.own_session,
                                     spec.keep_stdio,
                                     spec.limits.nice.has_value(),
                                     spec.limits.nice.value_or(0),
                                     spec.mark,
                                     own_limits,
                                     limits.size()};
}

}  // namespace

void become_command(const PreparedChild& p) {
    using Step = LaunchFailure::Step;
    const auto must = [](long result, Step step, int gate) {
        if (result < 0) give_up(gate, step, result);
    };
    if (p.own_session) must(child::lead_session(), Step::session, p.gate);
    if (!p.keep_stdio) {
        must(child::place(p.in, 0), Step::descriptors, p.gate);
        must(child::place(p.out, 1), Step::descriptors, p.gate);
        must(child::place(p.err, 2), Step::descriptors, p.gate);
    }
    must(child::place(p.gate, gate_number), Step::descriptors, p.gate);
    must(child::keep_on_exec(gate_number, false), Step::descriptors, p.gate);
    child::close_from(gate_number + 1);

    child::reset_signals();                                    // ours may ignore SIGPIPE
    if (p.mark != 0) (void)child::set_inherited_mark(p.mark);  // a help and no condition

    char go = 0;
    long got = 0;
    do {
        got = child::read(gate_number, &go, 1);
    } while (got == -EINTR);
    if (got != 1) child::leave(0);  // our parent is gone, or thought better of it: nothing has run

    for (std::size_t i = 0; i < p.limit_count; ++i)
        must(child::limit(p.limits[i].resource, p.limits[i].value), Step::limits, gate_number);
    if (p.be_nice) must(child::be_nice(p.nice), Step::limits, gate_number);
    must(child::enter(p.cwd), Step::directory, gate_number);
    child::unblock_signals();
    give_up(gate_number, Step::exec, child::execute(p.program, p.argv, p.env));
}

std::vector<char*> pointers_to(const std::vector<std::string>& texts) {
    std::vector<char*> pointers;
    pointers.reserve(texts.size() + 1);
    for (const auto& text : texts)
        pointers.push_back(const_cast<char*>(text.c_str()));  // execve(2) writes nothing
    pointers.push_back(nullptr);
    return pointers;
}

Result<Layout> Layout::of(const LaunchSpec& spec) {
    Layout layout;
    layout.null.reset(::open("/dev/null", O_RDWR | O_CLOEXEC));
    if (!layout.null) return Error::from_errno("opening /dev/null");
    TRY(auto gate, make_socket_pair());
    layout.ours = std::move(gate.ours);
    layout.theirs = std::move(gate.theirs);
    if (::fcntl(layout.ours.get(), F_SETFL, O_NONBLOCK) != 0) return Error::from_errno("making a gate");
    const auto limits = limits_of(spec);
    Pieces measure(nullptr);
    (void)lay_out(spec, limits, measure);
    TRY(layout.room, ChildRoom::take(measure.used()));
    Pieces pieces(layout.room->data());
    PreparedChild* const child = lay_out(spec, limits, pieces);
    const int null = layout.null.get();
    child->in = null;
    child->out = spec.out < 0 ? null : spec.out;
    child->err = spec.err < 0 ? null : spec.err;
    child->gate = layout.theirs.get();
    layout.child = child;
    return layout;
}

AllSignalsBlocked::AllSignalsBlocked() : before_() {
    sigset_t all;
    sigfillset(&all);
    ::pthread_sigmask(SIG_SETMASK, &all, &before_);
}

AllSignalsBlocked::~AllSignalsBlocked() { ::pthread_sigmask(SIG_SETMASK, &before_, nullptr); }

}  // namespace reeve
