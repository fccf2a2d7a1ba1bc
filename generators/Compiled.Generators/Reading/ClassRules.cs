using System.Linq;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace Compiled.Generators;

/// <summary>What a class must be so that another half can be written for it.</summary>
internal static class ClassRules
{
    /// <summary>Reports what the class must not be; false when no half can be written.</summary>
    public static bool Check(INamedTypeSymbol type, TypeDeclarationSyntax declaration, IssueList issues)
    {
        bool canGenerate = true;
        foreach (TypeDeclarationSyntax level in declaration.AncestorsAndSelf().OfType<TypeDeclarationSyntax>())
        {
            if (!level.Modifiers.Any(SyntaxKind.PartialKeyword))
            {
                issues.OnClass(Rules.NotPartial, level.Identifier.Text, "not partial", $"add 'partial' to '{level.Identifier.Text}'");
                canGenerate = false;
            }
        }

        if (type.IsStatic || type.IsAbstract || type.TypeKind != TypeKind.Class || type.IsRecord)
        {
            issues.OnClass(Rules.NotPartial, type.Name, "static, abstract or no class", "make it a 'sealed partial class'");
            canGenerate = false;
        }

        for (INamedTypeSymbol? level = type; level is not null; level = level.ContainingType)
        {
            if (level.IsGenericType)
            {
                issues.OnClass(Rules.NotPartial, level.Name, "generic", "remove its type parameters");
                return false;
            }
        }

        return CheckMembers(type, issues) && canGenerate;
    }

    private static bool CheckMembers(INamedTypeSymbol type, IssueList issues)
    {
        if (type.BaseType is { SpecialType: not SpecialType.System_Object } parent && parent.ToDisplayString() != "Compiled.Model")
        {
            issues.OnClass(Rules.ClassConflict, type.Name, $"derives from '{parent.ToDisplayString()}'", "remove the base class: the generated half derives from Compiled.Model");
            return false;
        }

        foreach (IMethodSymbol constructor in type.InstanceConstructors.Where(candidate => !candidate.IsImplicitlyDeclared))
        {
            if (constructor.Parameters.Length == 3
                && constructor.Parameters[0].Type.ToDisplayString().TrimEnd('?') == "Compiled.Device"
                && constructor.Parameters[1].Type.SpecialType == SpecialType.System_Int32
                && constructor.Parameters[2].Type.SpecialType == SpecialType.System_UInt64
                && constructor.DeclaringSyntaxReferences.Any(reference => !IsGenerated(reference)))
            {
                issues.OnClass(
                    Rules.ClassConflict, type.Name, "declares the constructor (Device, int, ulong)", "remove it: the generated half has it");
                return false;
            }
        }

        return true;
    }

    private static bool IsGenerated(SyntaxReference reference) =>
        reference.SyntaxTree.FilePath.EndsWith(".g.cs", System.StringComparison.Ordinal);
}
