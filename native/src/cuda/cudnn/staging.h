// What a convolution stage is to cuDNN, and where it lies in scratch memory.
//
// cuDNN knows nothing of the rows of a batch: it reads and writes all of them, and pads an image alike on all sides. So it never sees the
// tensors of a stage: x is copied into scratch memory, with the padding around it, as far as the windows reach, and zeros in place of what
// is beyond the rows; there a convolution needs no padding, and any geometry can be had. The kernel, [taps][filters], is turned to cuDNN's
// [filters][taps] on the way, which is all that its layout and ours differ by. Everything is aligned then, too.
#pragma once

#include "compiled.h"

#include <cstdint>

namespace compiled::cuda::cudnn {

struct Staging {
    int64_t rows, columns;       // of an image with its padding
    int64_t input, kernel, conv; // elements of the staged x, of the kernel, and of the convolution's result

    // Not meaningful for a stage that does not suit.
    explicit Staging(const cn_conv2d_desc& desc);

    // Of all but cuDNN's workspace and the sums of the bias.
    int64_t forward_bytes() const;
    int64_t backward_bytes() const;

    // Whether cuDNN can be asked for the stage: what is to be multiplied is float32, in float32 or TF32, and all sizes are cuDNN's.
    static bool suits(const cn_conv2d_desc& desc);
};

// To the next 256.
constexpr int64_t aligned_bytes(int64_t bytes) {
    return (bytes + 255) / 256 * 256;
}

constexpr int64_t float_bytes(int64_t count) {
    return aligned_bytes(count * static_cast<int64_t>(sizeof(float)));
}

} // namespace compiled::cuda::cudnn
