/// `imagefolder/SPLIT/LABEL/*.png`: a folder per label, as torchvision reads it.
package struct ImageFolderExport: PictureFormat {
  package static let name = "imagefolder"
  package init() {}
}
