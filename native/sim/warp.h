// The collectives of a warp. A lane leaves its operand and waits; the last one of the mask computes the results of all.
#pragma once

#include "block.h"

#include <cstring>
#include <type_traits>

namespace compiled::sim {

template <class T>
struct Shuffle {
    T value;
    int source; // a lane
    T result;
};

// A source that is not there leaves poison: on a GPU its value is undefined.
template <class T>
void exchange_shuffle(void* const* operands) {
    for (unsigned lane = 0; lane < WarpSize; ++lane) {
        if (auto* own = static_cast<Shuffle<T>*>(operands[lane])) {
            auto* source = static_cast<Shuffle<T>*>(operands[own->source]);
            if (source != nullptr) {
                own->result = source->value;
            } else {
                std::memset(&own->result, PoisonByte, sizeof(T));
            }
        }
    }
}

template <class T>
T shuffle(unsigned mask, T value, int source, const char* call, Site site) {
    static_assert(std::is_arithmetic_v<T> && (sizeof(T) == 4 || sizeof(T) == 8), "shuffles move words of 4 and 8 bytes");
    Shuffle<T> operand = {value, source, value};
    block.collective(mask, &operand, exchange_shuffle<T>, call, site);
    return operand.result;
}

struct Vote {
    bool predicate;
    unsigned ballot; // of all participants
    unsigned participants;
};

inline Vote vote(unsigned mask, bool predicate, const char* call, Site site) {
    Vote operand = {predicate, 0, 0};
    auto exchange = [](void* const* operands) {
        unsigned ballot = 0, participants = 0;
        for (unsigned lane = 0; lane < WarpSize; ++lane) {
            if (auto* one = static_cast<Vote*>(operands[lane])) {
                participants |= 1u << lane;
                ballot |= one->predicate ? 1u << lane : 0;
            }
        }
        for (unsigned lane = 0; lane < WarpSize; ++lane) {
            if (auto* one = static_cast<Vote*>(operands[lane])) {
                one->ballot = ballot;
                one->participants = participants;
            }
        }
    };
    block.collective(mask, &operand, exchange, call, site);
    return operand;
}

// The lanes that a lane may read from: `width` of them, a power of two.
struct Segment {
    int lane, first, last;

    explicit Segment(int width) : lane(static_cast<int>(block.current().lane())) {
        if (width < 1 || width > 32 || (width & (width - 1)) != 0) {
            block.fault(cudaErrorLaunchFailure, "a shuffle cannot have width %d", width);
        }
        first = lane & ~(width - 1);
        last = first + width - 1;
    }
};

} // namespace compiled::sim

template <class T>
T __shfl_sync(unsigned mask, T value, int source, int width = 32, compiled::sim::Site site = compiled::sim::Site::here()) {
    compiled::sim::Segment segment(width);
    return compiled::sim::shuffle(mask, value, segment.first | (source & (width - 1)), "__shfl_sync", site);
}

template <class T>
T __shfl_up_sync(unsigned mask, T value, unsigned delta, int width = 32, compiled::sim::Site site = compiled::sim::Site::here()) {
    compiled::sim::Segment segment(width);
    int source = segment.lane - static_cast<int>(delta);
    return compiled::sim::shuffle(mask, value, source >= segment.first ? source : segment.lane, "__shfl_up_sync", site);
}

template <class T>
T __shfl_down_sync(unsigned mask, T value, unsigned delta, int width = 32, compiled::sim::Site site = compiled::sim::Site::here()) {
    compiled::sim::Segment segment(width);
    int source = segment.lane + static_cast<int>(delta);
    return compiled::sim::shuffle(mask, value, source <= segment.last ? source : segment.lane, "__shfl_down_sync", site);
}

template <class T>
T __shfl_xor_sync(unsigned mask, T value, int lane_mask, int width = 32, compiled::sim::Site site = compiled::sim::Site::here()) {
    compiled::sim::Segment segment(width);
    int source = segment.lane ^ lane_mask;
    return compiled::sim::shuffle(mask, value, source <= segment.last ? source : segment.lane, "__shfl_xor_sync", site);
}

inline unsigned __ballot_sync(unsigned mask, int predicate, compiled::sim::Site site = compiled::sim::Site::here()) {
    return compiled::sim::vote(mask, predicate != 0, "__ballot_sync", site).ballot;
}

inline int __any_sync(unsigned mask, int predicate, compiled::sim::Site site = compiled::sim::Site::here()) {
    return compiled::sim::vote(mask, predicate != 0, "__any_sync", site).ballot != 0;
}

inline int __all_sync(unsigned mask, int predicate, compiled::sim::Site site = compiled::sim::Site::here()) {
    compiled::sim::Vote result = compiled::sim::vote(mask, predicate != 0, "__all_sync", site);
    return result.ballot == result.participants;
}

inline void __syncwarp(unsigned mask = 0xFFFFFFFFu, compiled::sim::Site site = compiled::sim::Site::here()) {
    compiled::sim::vote(mask, false, "__syncwarp", site);
}

// Which other lanes run along is not promised anywhere, so here none does.
inline unsigned __activemask() {
    return 1u << compiled::sim::block.current().lane();
}
