#include "../own_code.hpp"

namespace anchor {

void give_back_code() {}  // the system counts no shared page against anybody

}  // namespace anchor
