namespace Compiled;

/// <summary>
/// max(0, wrong - right + 1), where right is the prediction of the target's class and wrong the greatest of the others, for one-hot
/// targets. Data sets of class numbers also fit: they are read one-hot.
/// </summary>
public sealed class CategoricalHingeAttribute : LossAttribute;
