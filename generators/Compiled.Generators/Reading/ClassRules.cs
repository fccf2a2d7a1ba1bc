using System;
using System.Collections.Generic;
using System.Linq;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace Compiled.Generators;

/// <summary>What a class must be so that another half can be written for it.</summary>
internal static class ClassRules
{
    /// <summary>Reports what the class must not be; false when no half can be written.</summary>
    public static bool Check(INamedTypeSymbol type, TypeDeclarationSyntax declaration, IssueList issues) =>
        CheckKind(type, issues) && CheckPartial(declaration, issues) && CheckBase(type, issues) && CheckName(type, issues)
        && CheckConstructors(type, issues) && CheckMembers(type, MemberNames.IsInEveryHalf, issues);

    /// <summary>Reports a member that would stand before the inherited one that the other half calls; false if there is one.</summary>
    public static bool CheckMembers(INamedTypeSymbol type, IssueList issues) => CheckMembers(type, MemberNames.IsReserved, issues);

    /// <summary>Reports members that stand where the other half has those for the weights of a layer; these are then left out.</summary>
    public static void CheckWeights(INamedTypeSymbol type, Graph graph, IssueList issues)
    {
        foreach (KeyValuePair<int, string> name in MemberNames.Of(graph, type.Name))
        {
            foreach (ISymbol member in type.GetMembers(name.Value).Where(IsWritten))
            {
                issues.OnPlace(
                    Rules.ClassConflict, member.Locations.FirstOrDefault(), type.Name, $"declares '{name.Value}'",
                    $"rename it or the layer, as the generated half has the weights of '{graph.Nodes[name.Key].Name}' under that name");
            }
        }
    }

    /// <summary>Whether a symbol is declared in the user's half.</summary>
    public static bool IsWritten(ISymbol symbol) =>
        !symbol.IsImplicitlyDeclared && symbol.DeclaringSyntaxReferences.Any(reference => !IsGenerated(reference.SyntaxTree.FilePath));

    private static bool CheckKind(INamedTypeSymbol type, IssueList issues)
    {
        string? fault = type.IsRecord ? "a record"
            : type.TypeKind != TypeKind.Class ? "not a class"
            : type.IsStatic ? "static"
            : type.IsAbstract ? "abstract"
            : null;
        if (fault is not null)
        {
            issues.OnClass(Rules.NotPartial, type.Name, fault, "make it a 'sealed partial class'");
            return false;
        }

        for (INamedTypeSymbol? level = type; level is not null; level = level.ContainingType)
        {
            bool isGeneric = level.Arity > 0;
            if (!isGeneric && !level.IsFileLocal)
                continue;
            string problem = isGeneric ? "generic" : "local to its file";
            string remedy = isGeneric ? "remove its type parameters" : "remove 'file', as the generated half stands in another file";
            issues.OnPlace(Rules.NotPartial, level.Locations.FirstOrDefault(), level.Name, problem, remedy);
            return false;
        }

        return true;
    }

    private static bool CheckPartial(TypeDeclarationSyntax declaration, IssueList issues)
    {
        bool allPartial = true;
        foreach (TypeDeclarationSyntax level in declaration.AncestorsAndSelf().OfType<TypeDeclarationSyntax>())
        {
            if (!level.Modifiers.Any(SyntaxKind.PartialKeyword))
            {
                string name = level.Identifier.ValueText;
                issues.OnRepairable(
                    Rules.NotPartial, level.Identifier.GetLocation(), "partial", name, "not partial", $"add 'partial' to '{name}'");
                allPartial = false;
            }
        }

        return allPartial;
    }

    private static bool CheckBase(INamedTypeSymbol type, IssueList issues)
    {
        // What the compiler does not find, it reports.
        if (type.BaseType is not { SpecialType: not SpecialType.System_Object, TypeKind: not TypeKind.Error } parent
            || parent.ToDisplayString() == "Compiled.Model")
        {
            return true;
        }

        issues.OnClass(
            Rules.ClassConflict, type.Name, $"derives from '{parent.ToDisplayString()}'",
            "remove the base class, as the generated half derives from Compiled.Model");
        return false;
    }

    private static bool CheckConstructors(INamedTypeSymbol type, IssueList issues)
    {
        foreach (IMethodSymbol constructor in type.InstanceConstructors.Where(IsWritten))
        {
            if (constructor.DeclaringSyntaxReferences.Any(reference => reference.GetSyntax() is TypeDeclarationSyntax))
            {
                issues.OnPlace(
                    Rules.ClassConflict, constructor.Locations.FirstOrDefault(), type.Name, "has a primary constructor",
                    "remove it, as the generated half has the constructor, which others can call with ': this(…)'");
                return false;
            }

            if (IsGeneratedSignature(constructor))
            {
                issues.OnPlace(
                    Rules.ClassConflict, constructor.Locations.FirstOrDefault(), type.Name, "declares the constructor (Device, int, ulong)",
                    "remove it, as the generated half has it");
                return false;
            }
        }

        return true;
    }

    private static bool IsGeneratedSignature(IMethodSymbol constructor) =>
        constructor.Parameters.Length == 3
        && constructor.Parameters[0].Type.ToDisplayString().TrimEnd('?') == "Compiled.Device"
        && constructor.Parameters[1].Type.SpecialType == SpecialType.System_Int32
        && constructor.Parameters[2].Type.SpecialType == SpecialType.System_UInt64;

    private static bool CheckName(INamedTypeSymbol type, IssueList issues)
    {
        if (!MemberNames.IsReserved(type.Name))
            return true;
        issues.OnClass(Rules.ClassConflict, type.Name, "is the name of a member of the generated half", "rename the class");
        return false;
    }

    private static bool CheckMembers(INamedTypeSymbol type, Func<string, bool> isTaken, IssueList issues)
    {
        ISymbol? conflict = type.GetMembers().FirstOrDefault(member => isTaken(member.Name) && IsWritten(member));
        if (conflict is null)
            return true;
        issues.OnPlace(
            Rules.ClassConflict, conflict.Locations.FirstOrDefault(), type.Name, $"declares '{conflict.Name}'",
            "rename it, as the generated half has or calls a member of that name");
        return false;
    }

    /// <summary>Whether a file comes from <see cref="ModelGenerator"/>: its files lie in a folder of that name.</summary>
    private static bool IsGenerated(string path) => path.Replace('\\', '/').Contains($"/{typeof(ModelGenerator).FullName}/");
}
