#include "op_table.h"

#include "ops.h"

namespace compiled::cpu::CN_ISA {

const OpTable& op_table() noexcept {
    static constexpr OpTable Table = {
        make_gather,       make_activation,     make_softmax,       make_dropout, make_add,   make_concatenate, make_padding2d,
        make_upsampling2d, make_gaussian_noise, make_max_pooling2d, make_conv2d,  make_dense, make_loss,        make_optimizer,
    };
    return Table;
}

} // namespace compiled::cpu::CN_ISA
