// The op factories of the instruction set being compiled; each is defined in the file of its op.
#pragma once

#include "context.h"
#include "isa.h"

namespace compiled::cpu::CN_ISA {

std::unique_ptr<GatherOp> make_gather(Context& context, const cn_gather_desc& desc);
std::unique_ptr<ActivationOp> make_activation(Context& context, const cn_activation_desc& desc);
std::unique_ptr<SoftmaxOp> make_softmax(Context& context, const cn_softmax_desc& desc);
std::unique_ptr<GluOp> make_glu(Context& context, const cn_glu_desc& desc);
std::unique_ptr<DropoutOp> make_dropout(Context& context, const cn_dropout_desc& desc);
std::unique_ptr<AddOp> make_add(Context& context, const cn_add_desc& desc);
std::unique_ptr<ConcatenateOp> make_concatenate(Context& context, const cn_concatenate_desc& desc);
std::unique_ptr<Padding2DOp> make_padding2d(Context& context, const cn_padding2d_desc& desc);
std::unique_ptr<UpSampling2DOp> make_upsampling2d(Context& context, const cn_upsampling2d_desc& desc);
std::unique_ptr<GaussianNoiseOp> make_gaussian_noise(Context& context, const cn_gaussian_noise_desc& desc);
std::unique_ptr<MaxPooling2DOp> make_max_pooling2d(Context& context, const cn_max_pooling2d_desc& desc);
std::unique_ptr<AveragePooling2DOp> make_average_pooling2d(Context& context, const cn_average_pooling2d_desc& desc);
std::unique_ptr<GlobalPooling2DOp> make_global_pooling2d(Context& context, const cn_global_pooling2d_desc& desc);
std::unique_ptr<BatchNormalizationOp> make_batch_normalization(Context& context, const cn_batch_normalization_desc& desc);
std::unique_ptr<NormalizationFoldOp> make_normalization_fold(Context& context, const cn_normalization_fold_desc& desc);
std::unique_ptr<LayerNormalizationOp> make_layer_normalization(Context& context, const cn_layer_normalization_desc& desc);
std::unique_ptr<Conv2DOp> make_conv2d(Context& context, const cn_conv2d_desc& desc);
std::unique_ptr<JoinedConv2DOp> make_joined_conv2d(Context& context, const cn_joined_conv2d_desc& desc);
std::unique_ptr<Conv2DTransposeOp> make_conv2d_transpose(Context& context, const cn_conv2d_transpose_desc& desc);
std::unique_ptr<DenseOp> make_dense(Context& context, const cn_dense_desc& desc);
std::unique_ptr<LossOp> make_loss(Context& context, const cn_loss_desc& desc);
std::unique_ptr<MetricOp> make_loss_metric(Context& context, const cn_metric_desc& desc); // CN_METRIC_LOSS
std::unique_ptr<MetricOp> make_metric(Context& context, const cn_metric_desc& desc);
std::unique_ptr<RegularizerOp> make_regularizer(Context& context, const cn_regularizer_desc& desc, const cn_penalty* penalties);
std::unique_ptr<ActivityRegularizationOp> make_activity_regularization(Context& context, const cn_activity_regularization_desc& desc);
std::unique_ptr<ConstraintOp> make_constraint(Context& context, const cn_constraint_desc& desc, const cn_constraint* constraints);
std::unique_ptr<OptimizerOp> make_optimizer(Context& context, const cn_optimizer_desc& desc, const int64_t* offsets,
                                            const cn_matrix* matrices);
std::unique_ptr<OptimizerOp> make_muon(Context& context, const cn_optimizer_desc& desc, const int64_t* offsets, const cn_matrix* matrices);

} // namespace compiled::cpu::CN_ISA
