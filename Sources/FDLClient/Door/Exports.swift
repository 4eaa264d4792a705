// A program that imports FDLClient has all that its API speaks of.
@_exported public import FDLCore
@_exported public import FDLTLS
@_exported public import FDLTrust
