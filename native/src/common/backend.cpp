// The virtual destructors live here, compiled for the plainest processor: see the remark on inline functions in common/host_device.h.
#include "backend.h"

namespace compiled {

Op::~Op() = default;
Feed::~Feed() = default;
Graph::~Graph() = default;
Backend::~Backend() = default;

} // namespace compiled
